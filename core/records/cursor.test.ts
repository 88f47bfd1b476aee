import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HiveError } from '../errors.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'

const anything = () => true

describe('a cursor', () => {
  it('gives back its position and is safe in a URL', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (position) => {
        const cursor = encodeCursor('list', ...position)
        expect(encodeURIComponent(cursor)).toBe(cursor)
        expect(decodeCursor('list', cursor, ...position.map(() => anything))).toEqual(position)
      }),
    )
  })

  it('is refused when it is rubbish', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (cursor) => {
          try {
            decodeCursor('list', cursor, anything)
            expect.unreachable()
          } catch (error) {
            expect(error).toBeInstanceOf(HiveError)
            expect(error).toMatchObject({ code: 'cursor.invalid', errors: [{ field: 'cursor' }] })
          }
        },
      ),
    )
  })

  it('is refused by another list, with parts too many or too few, and when a part fails its check', () => {
    const cursor = encodeCursor('list', 'a')
    const refused = { code: 'cursor.invalid' }
    expect(() => decodeCursor('other', cursor, anything)).toThrow(expect.objectContaining(refused))
    expect(() => decodeCursor('list', cursor)).toThrow(expect.objectContaining(refused))
    expect(() => decodeCursor('list', cursor, anything, anything)).toThrow(expect.objectContaining(refused))
    expect(() => decodeCursor('list', cursor, () => false)).toThrow(expect.objectContaining(refused))
  })
})
