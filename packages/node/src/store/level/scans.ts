import type { AuthorRecord, StoreCensus } from '../../ports.ts'
import { describeKey, KIND, type Kind, kindRange } from './keys.ts'
import type { RecordReader } from './record-reader.ts'
import { decodeNumber, unseal } from './records.ts'

export async function takeCensus(reader: RecordReader): Promise<StoreCensus> {
  return {
    blocks: await count(reader, KIND.block),
    canonical: await count(reader, KIND.canonical),
    entryIds: await count(reader, KIND.entry),
    authorSequences: await count(reader, KIND.authorSequence),
    authors: await count(reader, KIND.author),
    payloads: await count(reader, KIND.payload),
    treeNodes: await count(reader, KIND.tree),
    pending: await count(reader, KIND.pending),
  }
}

async function count(reader: RecordReader, kind: Kind): Promise<number> {
  let found = 0
  for await (const keys of reader.keys(kindRange(kind))) found += keys.length
  return found
}

export async function* readAuthors(reader: RecordReader): AsyncGenerator<AuthorRecord> {
  for await (const records of reader.records(kindRange(KIND.author))) {
    for (const [key, value] of records)
      yield {
        author: new Uint8Array(key.buffer, key.byteOffset + 1, key.length - 1),
        next: decodeNext(reader, key, value),
      }
  }
}

function decodeNext(reader: RecordReader, key: Uint8Array, value: Uint8Array): number {
  const content = unseal(key, value)
  const next = content && decodeNumber(content)
  if (next === undefined) throw reader.damaged(`${describeKey(key)} does not match its checksum`)
  return next
}
