import { decodeValue } from './value.ts'

/** A value as people read it, from its exact form: integers that a double holds are numbers, what is no JSON stays tagged. */
export function plainValue(json: unknown): unknown {
  const value = decodeValue(json)
  return typeof value === 'bigint' && BigInt(Number(value)) === value ? Number(value) : json
}
