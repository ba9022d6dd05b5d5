import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redraw } from '../../src/devnet/redraw.ts'

const ESCAPE = '\x1b'
const SEQUENCES = new RegExp(`${ESCAPE}\\[(?:(\\d+);1H|(2?J|K))|([^${ESCAPE}]+)`, 'g')

/** A terminal that knows the sequences that are used here, and nothing else. */
class Terminal {
  readonly rows: string[]
  #row = 0

  constructor(rowCount: number) {
    this.rows = Array.from({ length: rowCount }, () => 'old rubbish')
  }

  write(text: string): void {
    for (const [, row, command, plain] of text.matchAll(SEQUENCES)) {
      if (row !== undefined) this.#row = Number(row) - 1
      else if (command === '2J') this.rows.fill('')
      else if (command === 'J') this.rows.fill('', this.#row)
      else if (plain !== undefined)
        this.rows[this.#row] = plain + (this.rows[this.#row] ?? '').slice(plain.length)
      else this.rows[this.#row] = this.#written(text)
    }
  }

  /** `K` erases behind what was just written, which is all that this row is to show. */
  #written(text: string): string {
    const place = `${ESCAPE}[${this.#row + 1};1H`
    const rest = text.slice(text.indexOf(place) + place.length)
    return rest.slice(0, rest.indexOf('\x1b'))
  }
}

const lines = fc.array(fc.stringMatching(/^[a-z]{0,6}$/), { minLength: 1, maxLength: 6 })

test('after it, the terminal shows the new lines and nothing else', () => {
  fc.assert(
    fc.property(fc.array(lines, { minLength: 1 }), (screens) => {
      const terminal = new Terminal(6)
      let before: readonly string[] | undefined
      for (const after of screens) {
        terminal.write(redraw(before, after))
        before = after
        expect(terminal.rows.map((row) => row.trimEnd())).toEqual([
          ...after,
          ...Array(6 - after.length).fill(''),
        ])
      }
    }),
  )
})

test('writes only lines that have changed', () => {
  expect(redraw(['a', 'b', 'c'], ['a', 'x', 'c'])).toBe('\x1b[2;1Hx\x1b[K')
  expect(redraw(['a'], ['a'])).toBe('')
})
