import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { saysReal } from './says-real.ts'

const saidBehind = (text: string, real: number, after = ', 1') =>
  saysReal(Buffer.from(`[${text}${after}`), 1, 1 + text.length + after.length, real)

const view = new DataView(new ArrayBuffer(8))
function besides(real: number, steps: number): number {
  view.setFloat64(0, real)
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(steps))
  return view.getFloat64(0)
}

/** Of every size, and of the size that measurements have. */
const reals = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((hundredths) => hundredths / 100),
  fc.integer({ min: -30, max: 60 }).map((power) => 2 ** power),
)
const texts = (real: number) =>
  [String(real), real.toFixed(3), real.toFixed(15), real.toPrecision(16), real.toPrecision(17)].filter((text) =>
    /^-?\d+(\.\d+)?$/.test(text),
  )

describe('a double beside what is written', () => {
  it('is never taken for another that is next to it, whatever is written', () => {
    fc.assert(
      fc.property(reals, fc.integer({ min: -3, max: 3 }), (real, steps) => {
        const other = besides(real, steps)
        for (const text of texts(real)) {
          const behind = saidBehind(text, other)
          if (behind >= 0) expect([Number(text), behind]).toEqual([other, 1 + text.length])
        }
      }),
      { numRuns: 20_000 },
    )
  })

  it('is told where a text is in the middle of two, or as good as there', () => {
    // 1 + 2^-53 is the middle of 1 and the next double; these are the texts of 17 digits beside it
    for (const text of ['1.0000000000000001', '1.0000000000000002']) {
      for (const steps of [-1, 0, 1, 2]) {
        const real = besides(1, steps)
        if (saidBehind(text, real) >= 0) expect(real).toBe(Number(text))
      }
    }
    // below a power of two doubles are denser
    for (const text of ['0.9999999999999999', '0.99999999999999994', '0.99999999999999995', '8191.9999999999995']) {
      for (const power of [1, 8_192]) {
        for (const steps of [-2, -1, 0, 1]) {
          const real = besides(power, steps)
          if (saidBehind(text, real) >= 0) expect(real).toBe(Number(text))
        }
      }
    }
  })

  it('is told of nearly all that measurements say', () => {
    let sure = 0
    for (let i = 0; i < 10_000; i++) {
      const real = ((i * 7919) % 100_003) / 97 + i / 1_000
      if (real === 0 || saidBehind(String(real), real) >= 0) sure++
    }
    expect(sure).toBeGreaterThan(9_900)
  })

  it('is zero where there are zeros alone, with the sign that is written', () => {
    for (const text of ['0', '0.0', '0.000']) {
      expect([saidBehind(text, 0), saidBehind(`-${text}`, -0)]).toEqual([1 + text.length, 2 + text.length])
      expect([saidBehind(text, -0), saidBehind(`-${text}`, 0), saidBehind(text, 5e-324)]).toEqual([-1, -1, -1])
    }
    expect(saidBehind('0.0001', 0)).toBe(-1)
  })

  it('is not said by what has another sign, too many digits or none', () => {
    const refused: [string, number][] = [
      ['1e3', 1e3],
      ['1.5', -1.5],
      ['-1.5', 1.5],
      ['null', 1],
      ['', 1],
      ['-', 1],
      ['.5', 0.5],
      ['1.250000000000000000', 1.25],
      ['12345678901234567000', 12345678901234567000],
    ]
    for (const [text, real] of refused) expect(saidBehind(text, real), text).toBe(-1)
    expect(saidBehind('1.5', 1.5, ']')).toBe(4)
    expect(saidBehind('-0.001', -0.001, '')).toBe(7)
  })

  it('is told up to where an exponent begins, which may make it another', () => {
    expect(saidBehind('1e3', 1)).toBe(2)
  })
})
