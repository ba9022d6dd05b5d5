import { printable } from '@pulseledger/core'
import { OPTION_KEYS, OPTIONS } from './option-table.ts'
import type { Config } from './read-config.ts'

const WIDTH_MAX = 200

/**
 * Every setting, its value and where that came from, as aligned lines:
 *
 *     addr               9000                     .env line 1
 *     dataDir            /srv/pulseledger-data    default
 */
export function configTable(config: Config): string {
  const rows = OPTION_KEYS.map((key) => {
    const { text, label } = config.origins[key]
    return { key, text: text ? printable(text, WIDTH_MAX) : '-', label: printable(label, WIDTH_MAX) }
  })
  const keyWidth = Math.max(...rows.map((row) => row.key.length))
  const textWidth = Math.max(...rows.map((row) => row.text.length))
  const lines = rows.map(
    ({ key, text, label }) => `${key.padEnd(keyWidth)}  ${text.padEnd(textWidth)}  ${label}`,
  )
  return `${lines.join('\n')}\n`
}

/**
 * The same for programs: one object, `{"addr": {"value": "9000", "from": ".env", "where": ".env line 1",
 * ...}}`.
 */
export function configJson(config: Config): string {
  const entries = OPTION_KEYS.map((key) => {
    const { text, from, label } = config.origins[key]
    const { environment } = OPTIONS[key]
    return [key, { value: text ?? null, from, where: label, environment }]
  })
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`
}
