import { describe, expect, it } from 'vitest'
import { findKnee, keepsUp, nextRate, type Step } from './find-knee.ts'

const rule = { answered: 0.97, p99Ms: 100 }
const step = (rate: number, other: Partial<Step> = {}): Step => {
  return { rate, due: 1_000, inTime: 1_000, p50: 5, p99: 20, late: 1, ...other }
}
const slow = (rate: number) => step(rate, { p99: 100 })

describe('a step keeps up', () => {
  it('when 97 % are answered in its time and the p99 is below the bound', () => {
    expect(keepsUp(step(1, { inTime: 970, p99: 99.9 }), rule)).toBe(true)
  })

  it('not when fewer are answered, or the p99 is at the bound, or some get no answer', () => {
    expect(keepsUp(step(1, { inTime: 969 }), rule)).toBe(false)
    expect(keepsUp(slow(1), rule)).toBe(false)
    expect(keepsUp(step(1, { p99: Number.POSITIVE_INFINITY }), rule)).toBe(false)
  })
})

describe('the load', () => {
  it('rises while steps keep up', () => {
    expect(nextRate([step(100)], 1.25, rule)).toBe(125)
  })

  it('stays for another step when one does not keep up, and rises on when that one does', () => {
    expect(nextRate([step(100), slow(125)], 1.25, rule)).toBe(125)
    expect(nextRate([step(100), slow(125), step(125)], 1.25, rule)).toBe(156)
  })

  it('ends when a rate does not keep up twice, and not at one failure each of two rates', () => {
    expect(nextRate([step(100), slow(125), slow(125)], 1.25, rule)).toBeUndefined()
    expect(nextRate([slow(100), step(100), slow(125)], 1.25, rule)).toBe(125)
  })
})

describe('the knee', () => {
  it('is the last step that keeps up', () => {
    expect(findKnee([step(1), step(2), slow(3), slow(3)], rule)?.rate).toBe(2)
    expect(findKnee([step(1), slow(2), step(2), slow(3), slow(3)], rule)?.rate).toBe(2)
  })

  it('is none when no step keeps up', () => {
    expect(findKnee([slow(1), slow(1)], rule)).toBeUndefined()
  })
})
