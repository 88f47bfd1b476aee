import { expect, it } from 'vitest'
import { isLongerInUtf8 } from './utf8-length.ts'

it.each(['a', 'ü', '€', '😀', '\ud800'])('tells texts of %j that are longer by their bytes', (character) => {
  const bytes = Buffer.byteLength(character)
  for (const count of [0, 1, 2, 33, 34, 50, 100]) {
    const text = character.repeat(count)
    for (const limit of [count * bytes - 1, count * bytes, count * bytes + 1]) {
      expect(isLongerInUtf8(text, limit), `${count} of ${bytes} beside ${limit}`).toBe(count * bytes > limit)
    }
  }
})
