import { describe, expect, it } from 'vitest'
import { findKnee, isOver, keepsUp, type Step } from './find-knee.ts'

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

describe('the knee', () => {
  it('is the last step that keeps up', () => {
    expect(findKnee([step(1), step(2), slow(3), slow(4)], rule)?.rate).toBe(2)
  })

  it('is not moved by one step that does not and is followed by one that does', () => {
    const steps = [step(1), slow(2), step(3)]
    expect(isOver(steps, rule)).toBe(false)
    expect(findKnee([...steps, slow(4), slow(5)], rule)?.rate).toBe(3)
  })

  it('is none when no step keeps up', () => {
    expect(findKnee([slow(1), slow(2)], rule)).toBeUndefined()
  })
})

it('the load rises until two steps in a row do not keep up', () => {
  expect(isOver([], rule)).toBe(false)
  expect(isOver([slow(1)], rule)).toBe(false)
  expect(isOver([step(1), slow(2), slow(3)], rule)).toBe(true)
})
