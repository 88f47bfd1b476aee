import type * as z from 'zod/mini'
import { faultText } from './fault-texts.ts'

const used = new WeakSet<z.ZodMiniType>()

/**
 * Reads a value by a schema. zod compiles an object's schema when it is first used, which takes longer than to use it a few
 * times as it is: only from the second time on is it compiled, so that no cold start waits for that. Issues hold their inputs: by
 * them `fieldErrors` tells what is missing.
 */
export function parse<S extends z.ZodMiniType>(schema: S, value: unknown): z.core.util.SafeParseResult<z.output<S>> {
  const jitless = !used.has(schema)
  if (jitless) used.add(schema)
  const params = { error: faultText, reportInput: true, jitless }
  return schema.safeParse(value, params) as z.core.util.SafeParseResult<z.output<S>>
}
