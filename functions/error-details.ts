/** An error as plain data for a JSON log line, with what caused it. */
export function errorDetails(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause } = error
  const code = 'code' in error ? { code: error.code } : {}
  return { name, ...code, message, stack, ...(cause === undefined ? {} : { cause: errorDetails(cause) }) }
}
