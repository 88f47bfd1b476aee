/** The moments that `Date` has, ECMA-262 21.4.1.1. */
const latest = 8.64e15

let second = Number.NaN
let upToSecond = ''

/** Writes a time in ms since the epoch as `Date` does. Most that are written lie in one second: only for another is `Date` asked. */
export function isoTime(ms: number): string {
  const whole = Math.trunc(ms)
  if (!(Math.abs(whole) <= latest)) throw new RangeError('Invalid time value')
  const begin = Math.floor(whole / 1000)
  if (begin !== second) {
    upToSecond = new Date(begin * 1000).toISOString().slice(0, -'000Z'.length)
    second = begin
  }
  const rest = whole - begin * 1000
  return `${upToSecond}${rest < 100 ? (rest < 10 ? '00' : '0') : ''}${rest}Z`
}
