import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents } from '../docs.ts'

const root = resolve(import.meta.dirname, '../..')

describe('generated documents', () => {
  test.each(Object.entries(documents(root)))('%s is what "npm run docs" writes', (path, text) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text)
  })
})
