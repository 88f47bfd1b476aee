import { expect, it } from 'vitest'
import { copyData } from './copy-in.ts'

it('writes NULL, escapes and text as COPY reads them', () => {
  const rows = [
    [null, '', '\\N'],
    ['a\tb', 'c\nd\re', 'ü😀'],
  ]
  expect(Buffer.concat(copyData(rows)).toString()).toBe('\\N\t\t\\\\N\na\\tb\tc\\nd\\re\tü😀\n')
})

it('gives more than a string can hold in parts, in order', () => {
  const long = 'x'.repeat(16 * 1024 * 1024)
  const parts = copyData(
    (function* () {
      for (let i = 0; i < 40; i++) yield [String(i), long]
    })(),
  )
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  // 40 rows of 16 MiB: beyond the 512 MiB of a string
  const digits = 10 + 2 * 30
  expect(total).toBe(40 * (long.length + 2) + digits)
  expect(parts[0]?.subarray(0, 3).toString()).toBe('0\tx')
})
