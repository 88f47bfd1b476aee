/**
 * The number that text of nothing but digits writes, for what comes as text and is to be a whole number: part of a query, a
 * setting. All else is left as it is, for the schema after it to refuse.
 */
export function readDigits(given: unknown): unknown {
  return typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given
}
