import type * as z from 'zod/mini'

type Issue = Parameters<z.core.$ZodErrorMap>[0]

/**
 * What is wrong with a value, where a schema has no text of its own: what it must be, in the words of JSON. zod/mini itself says
 * nothing but "Invalid input". Values are never shown.
 */
export function faultText(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${kinds[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return issue.input === undefined ? 'is required' : `must be ${oneOf(issue.values)}`
    case 'invalid_union':
      return Array.isArray(issue.options) && issue.options.length > 0
        ? `must be ${oneOf(issue.options)}`
        : 'is not valid'
    case 'invalid_format':
      return issue.pattern !== undefined && issue.format === 'regex'
        ? `must match ${issue.pattern}`
        : `must be ${formats[issue.format] ?? issue.format}`
    case 'too_small':
      return limit(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least')
    case 'too_big':
      return limit(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')
    default:
      return 'is not valid'
  }
}

const kinds: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'a JSON object',
  record: 'a JSON object',
}

const formats: Record<string, string> = {
  uuid: 'a UUID',
  guid: 'a UUID',
  url: 'a URL',
  datetime: 'an ISO 8601 date and time with a zone, such as 2026-03-01T12:00:00Z',
}

const units: Record<string, string> = { string: 'character', array: 'item' }

function limit(origin: string, bound: number | bigint, relation: string): string {
  const unit = units[origin]
  if (unit === undefined) return `must be ${relation} ${bound}`
  if (relation === 'at least' && bound === 1) return 'must not be empty'
  return `must have ${relation} ${bound} ${unit}${bound === 1 ? '' : 's'}`
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? JSON.stringify(values[0]) : `one of ${values.join(', ')}`
}
