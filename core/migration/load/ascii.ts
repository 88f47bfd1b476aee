/** The most bytes of a number. */
export const numberBytes = 24

/** Writes ASCII and gives the place behind it. */
export function writeAscii(into: Buffer, start: number, text: string): number {
  for (let i = 0; i < text.length; i++) into[start + i] = text.charCodeAt(i)
  return start + text.length
}

/** Writes a whole number that a double holds, and gives the place behind it. */
export function writeWhole(into: Buffer, start: number, whole: number): number {
  if (whole < 0 || whole > 999_999_999) return writeAscii(into, start, String(whole))
  let end = start + 1
  for (let least = 10; whole >= least; least *= 10) end++
  let left = whole | 0
  for (let at = end - 1; at >= start; at--) {
    const tenth = (left / 10) | 0
    into[at] = zero + left - tenth * 10
    left = tenth
  }
  return end
}

const zero = 0x30
