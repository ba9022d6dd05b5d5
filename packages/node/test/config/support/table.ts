import { FILE_KEYS, OPTION_KEYS, OPTIONS, type OptionRow } from '../../../src/config/option-table.ts'

/** The table of docs/CONFIGURATION.md, as the option table makes it. */
export function configurationTable(): string {
  const rows = OPTION_KEYS.map((key) => {
    const row: OptionRow<unknown> = OPTIONS[key]
    const name = FILE_KEYS.get(key)
    const inFile = name === undefined ? 'no' : `\`${name}\``
    const standard = row.default ? `\`${row.default}\`` : 'none'
    const flag = `\`${row.flag.replace('|', '\\|')}\``
    return `| ${flag} | \`${row.environment}\` | ${inFile} | ${row.form} | ${standard} | ${row.help} |`
  })
  const head = '| flag | variable | key in the file | form | default | meaning |\n|---|---|---|---|---|---|'
  return `${head}\n${rows.join('\n')}`
}
