import fc from 'fast-check'

const codePoint = fc.oneof(
  fc.integer({ min: 0x20, max: 0x7e }),
  fc.integer({ min: 0x00, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
)

/** Well-formed text of any characters, control characters among them. */
export function anyText(options: { readonly minLength?: number; readonly maxLength: number }) {
  return fc.array(codePoint, options).map((points) => String.fromCodePoint(...points))
}
