import { readFileSync } from 'node:fs'

/**
 * The rows below the heading `section` of a document (of the whole one when it is undefined), without their
 * head.
 */
export function tableRows(path: URL, section?: string): string[][] {
  const text = readFileSync(path, 'utf8')
  const parts = text.split(/^(?=## )/m)
  const chosen = section === undefined ? text : parts.find((part) => part.startsWith(`## ${section}\n`))
  if (chosen === undefined) throw new Error(`no section "${section}" in ${path.pathname}`)
  const lines = chosen.split('\n').filter((line) => line.startsWith('| '))
  return lines.slice(2).map((line) => {
    const cells = line.replace(/^\| | \|$/g, '').split(/ \| /)
    return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
  })
}
