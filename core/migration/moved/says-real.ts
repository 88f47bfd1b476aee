/** Digits of the longest number that any double needs. */
const mostDigits = 17
/** Powers of ten that a double holds exactly. */
const tens = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))

const bits = new DataView(new ArrayBuffer(8))
const exponentShift = 2 ** 20
/** The distance from a double with this exponent (as its bits have it) to the next one. */
const spacing = Float64Array.from({ length: 2_047 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 1_075))

const minus = 0x2d
const point = 0x2e
const zero = 0x30

/**
 * Whether the decimal fraction that is written at a place (`-12.5`) says this double and no other; gives the place behind its digits,
 * where an exponent may begin, which whoever asks has to look at. −1 where it is not sure: another number, more than 17 digits, or so
 * near the middle of two doubles that more has to be known.
 *
 * Number(text) does the same and more, but it takes a string, and to make one takes five times as long as all of this. With D for the
 * digits without their point and k for how many of them are behind it, the text says x if |D − x · 10^k| is less than half the spacing of
 * doubles at x, times 10^k. D and x · 10^k are held exactly as the sum of two doubles (T. J. Dekker, A floating-point technique for
 * extending the available precision, 1971); the difference has an error of some 2^−50 of that limit, for which there is room.
 */
export function saysReal(text: Uint8Array, start: number, end: number, real: number): number {
  let at = start
  const isNegative = text[at] === minus
  if (isNegative) at++
  const first = at
  let high = 0
  let low = 0
  let behind = -1
  let digits = 0
  for (; at < end; at++) {
    const digit = (text[at] as number) - zero
    if (digit >= 0 && digit <= 9) {
      if (digits < 9) high = high * 10 + digit
      else low = low * 10 + digit
      digits++
    } else if (digit === point - zero && behind < 0) behind = at
    else break
  }
  const fraction = behind < 0 ? 0 : at - behind - 1
  if (digits === 0 || digits > mostDigits || behind === first) return -1
  if (real === 0) return high + low === 0 && isNegative === Object.is(real, -0) ? at : -1
  if (isNegative !== real < 0) return -1
  const size = Math.abs(real)
  // beyond these the parts of a product would have no exponent
  if (!(size > 1e-290 && size < 1e290)) return -1

  const shift = tens[Math.max(digits - 9, 0)] as number
  const head = high * shift
  const whole = head + low
  const part = productError(high, shift, head) + (low - (whole - head))
  const scale = tens[fraction] as number
  const product = size * scale
  const difference = whole - product + (part - productError(size, scale, product))

  bits.setFloat64(0, size)
  const upper = bits.getUint32(0)
  // below a power of two doubles are twice as dense
  const isPower = upper % exponentShift === 0 && bits.getUint32(4) === 0
  const limit = (spacing[Math.floor(upper / exponentShift)] as number) * scale * (isPower ? 0.249 : 0.499)
  return Math.abs(difference) < limit ? at : -1
}

/** What is missing to a product of two doubles. */
function productError(one: number, other: number, product: number): number {
  const oneSplit = 134_217_729 * one
  const oneHigh = oneSplit - (oneSplit - one)
  const oneLow = one - oneHigh
  const otherSplit = 134_217_729 * other
  const otherHigh = otherSplit - (otherSplit - other)
  const otherLow = other - otherHigh
  return oneLow * otherLow - (product - oneHigh * otherHigh - oneLow * otherHigh - oneHigh * otherLow)
}
