import { expect, it } from 'vitest'
import { CopyRows } from './copy-rows.ts'

function copied(rows: (string | null)[][], first?: string): CopyRows {
  const copy = new CopyRows()
  for (const row of rows) copy.add(row, first)
  return copy
}

it('writes NULL, escapes and text as COPY reads them', () => {
  const rows = [
    [null, '', '\\N'],
    ['a\tb', 'c\nd\re', 'ü😀'],
  ]
  expect(Buffer.concat(copied(rows).parts()).toString()).toBe('\\N\t\t\\\\N\na\\tb\tc\\nd\\re\tü😀\n')
})

it('puts what comes first before the fields of a row', () => {
  expect(Buffer.concat(copied([['a', null], []], '7\t8').parts()).toString()).toBe('7\t8\ta\t\\N\n7\t8\n')
})

it('gives more than a string can hold in parts, in order', () => {
  const long = 'x'.repeat(16 * 1024 * 1024)
  const copy = copied(Array.from({ length: 40 }, (_, i) => [String(i), long]))
  const total = copy.parts().reduce((sum, part) => sum + part.length, 0)
  // 40 rows of 16 MiB: beyond the 512 MiB of a string
  const digits = 10 + 2 * 30
  expect(total).toBe(40 * (long.length + 2) + digits)
  expect(Buffer.concat(copy.parts().slice(0, 2)).subarray(0, 3).toString()).toBe('0\tx')
  expect(copy.rows()).toBe(40)
})
