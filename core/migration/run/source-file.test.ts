import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashSource } from './source-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hive-source-'))
  file = join(folder, 'a.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (...parts: (string | Buffer)[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

describe('the hash of a source', () => {
  it.each([0, 1, 262_143, 262_144, 262_145, 1_000_003])('is that of all of its %i bytes', async (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => i % 251))
    writeFileSync(file, bytes)
    expect(await hashSource(file)).toBe(sha256(` ${size}\n`, bytes))
  })

  it('counts what lies beside it, unless that is empty', async () => {
    writeFileSync(file, 'database')
    writeFileSync(`${file}-wal`, '')
    expect(await hashSource(file)).toBe(sha256(' 8\n', 'database'))
    writeFileSync(`${file}-journal`, 'journal')
    expect(await hashSource(file)).toBe(sha256(' 8\n', 'database', '-journal 7\n', 'journal'))
  })

  it.each(['', '-wal', '-journal'])('is refused, not waited for, where its file%s is a pipe', async (suffix) => {
    if (suffix !== '') writeFileSync(file, 'database')
    execFileSync('mkfifo', [file + suffix])
    await expect(hashSource(file)).rejects.toThrow('it is not a regular file')
  })

  it('is refused for a folder, and for a file that is not there', async () => {
    await expect(hashSource(folder)).rejects.toThrow('it is not a regular file')
    await expect(hashSource(file)).rejects.toThrow('ENOENT')
  })
})
