/** The first bytes of what `keyOf` made a key of, as hex. */
export function keyText(key: string): string {
  return [...key.slice(0, 4)].map((pair) => pair.charCodeAt(0).toString(16).padStart(4, '0')).join('')
}
