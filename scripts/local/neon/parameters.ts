/**
 * JSON parameters as the text that Postgres reads, by the rules of Neon's proxy: strings as they are, arrays as array
 * literals, everything else as JSON text.
 */
export function toText(parameters: unknown[]): (string | null)[] {
  return parameters.map((value) => {
    if (value === null) return null
    if (typeof value === 'string') return value
    return Array.isArray(value) ? arrayLiteral(value) : JSON.stringify(value)
  })
}

function arrayLiteral(values: unknown[]): string {
  const items = values.map((value) => {
    if (value === null) return 'NULL'
    if (Array.isArray(value)) return arrayLiteral(value)
    // an object is quoted twice: as JSON text, then as an element
    return JSON.stringify(typeof value === 'object' ? JSON.stringify(value) : value)
  })
  return `{${items.join(',')}}`
}
