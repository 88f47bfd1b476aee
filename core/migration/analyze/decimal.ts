/** False for a number that a declared DECIMAL(p, s) or NUMERIC(p, s) would not hold in another database. */
export function fitsDecimal(declaredType: string, number: number): boolean {
  const found = /^(?:DEC|DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/i.exec(declaredType)
  if (!found || !Number.isFinite(number)) return true
  const [precision, scale] = [Number(found[1]), Number(found[2] ?? 0)]
  return Math.abs(number) < 10 ** (precision - scale)
}
