import { HiveError } from '../core/errors.ts'

/** The error that a call is refused with. Throws when it is not refused. */
export async function refusal(call: Promise<unknown>): Promise<HiveError> {
  const error = await call.then(
    () => new Error('was not refused'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof HiveError) return error
  throw error
}
