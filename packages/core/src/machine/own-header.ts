import type { Header } from '../block/header.ts'

/**
 * A copy of `header` that keeps nothing else in memory. The fields of a parsed header are views of the
 * bytes it came in, which may be a message of megabytes; the tree keeps headers long after it let go of
 * their blocks.
 */
export function ownHeader(header: Header): Header {
  const { parent, root, body, producer, seal } = header
  return {
    ...header,
    parent: parent && new Uint8Array(parent),
    root: new Uint8Array(root),
    body: new Uint8Array(body),
    producer: new Uint8Array(producer),
    seal: new Uint8Array(seal),
  }
}
