import { describe, expect, it } from 'vitest'
import { normaliseTimestamp, Timestamp } from './timestamp.ts'

describe('timestamps', () => {
  it.each([
    '2026-03-01T12:00:00Z',
    '2026-03-01T12:00:00.123456789Z',
    '2024-02-29T23:59:59+05:45',
    '2026-03-01T12:00:00-14:00',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999Z',
  ])('accepts %s as it is', (text) => {
    expect(Timestamp().parse(text)).toBe(text)
  })

  it.each([
    '2026-03-01T12:00:00',
    '2026-03-01',
    '2026-03-01 12:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T12:00:60Z',
    '0000-01-01T00:00:00Z',
    '2026-03-01T12:00:00+23:00',
    '2026-03-01T12:00:00.1234567890Z',
    '+12026-03-01T12:00:00Z',
    '1740830400',
    '2026-03-01T12:00:00Z\n',
    '',
  ])('refuses %j, which has no zone, is no moment or cannot be stored', (text) => {
    expect(Timestamp().safeParse(text).success).toBe(false)
  })

  it.each([
    ['2025-07-16T01:09:24.577705', '2025-07-16T01:09:24.577705Z'],
    ['2025-07-16T01:09:24', '2025-07-16T01:09:24Z'],
    ['2025-07-16 01:09:24.577705', '2025-07-16T01:09:24.577705Z'],
    ['2025-07-16 01:09:24+02:00', '2025-07-16T01:09:24+02:00'],
    ['2025-07-16T01:09:24-0330', '2025-07-16T01:09:24-03:30'],
    ['2025-07-16T01:09:24Z', '2025-07-16T01:09:24Z'],
    ['yesterday', 'yesterday'],
  ])('writes the older %j as %j', (given, written) => {
    expect(normaliseTimestamp(given)).toBe(written)
  })
})
