/** Whether a text has more bytes than that in UTF-8. They are counted only where there may be: a unit of UTF-16 takes three at most. */
export function isLongerInUtf8(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes
}
