import type * as z from 'zod/mini'

const used = new WeakSet<z.ZodMiniType>()

/**
 * Reads a value by a schema. zod compiles an object's schema when it is first used, which takes longer than to use it a few
 * times as it is: only from the second time on is it compiled, so that no cold start waits for that.
 */
export function parse<S extends z.ZodMiniType>(
  schema: S,
  value: unknown,
  params: { reportInput?: boolean } = {},
): z.core.util.SafeParseResult<z.output<S>> {
  const jitless = !used.has(schema)
  if (jitless) used.add(schema)
  return schema.safeParse(value, { ...params, jitless }) as z.core.util.SafeParseResult<z.output<S>>
}
