import * as z from 'zod/mini'
import { inspectJson, isJsonObject, type JsonObject } from './json-value.ts'

/** Arrays and objects within each other in a body; a request may nest deeper, since it holds messages. */
const deepest = 100

/** An object that JSON can carry unchanged, of so many bytes at most as JSON in UTF-8, without white space. */
export function boundedObject(largestBytes: number) {
  const limit = `${largestBytes / 1024} KiB as JSON in UTF-8`
  return z
    .unknown()
    .check(({ value, issues }) => {
      const fault = faultOf(value, largestBytes)
      if (fault === undefined) return
      const [message, params] =
        fault === 'large' ? [`must not be more than ${limit}`, { code: 'request.too_large' }] : [faults[fault], {}]
      issues.push({ code: 'custom', input: value, message, params })
    })
    .check(
      z.meta({ type: 'object', description: `JSON object of at most ${limit}.` }),
    ) as unknown as z.ZodMiniType<JsonObject>
}

/** What `boundedObject` takes, told without building what it would refuse with. */
export function isBoundedObject(value: unknown, largestBytes: number): value is JsonObject {
  return faultOf(value, largestBytes) === undefined
}

const faults = {
  absent: 'is required',
  other: 'must be a JSON object',
  changed:
    'holds what JSON cannot carry unchanged: an integer beyond ±(2^53 − 1), NaN, undefined, a lone surrogate, U+0000, ' +
    `or more than ${deepest} levels of nesting`,
}

function faultOf(value: unknown, largestBytes: number): keyof typeof faults | 'large' | undefined {
  if (value === undefined) return 'absent'
  if (!isJsonObject(value)) return 'other'
  const found = inspectJson(value, deepest)
  if (found.faulty) return 'changed'
  return found.mostBytes <= largestBytes || fits(value, largestBytes) ? undefined : 'large'
}

function fits(value: JsonObject, largestBytes: number): boolean {
  const text = JSON.stringify(value)
  return text.length <= largestBytes && Buffer.byteLength(text) <= largestBytes
}
