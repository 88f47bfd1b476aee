import type * as z from 'zod/mini'
import type { ErrorCode, FieldError } from '../errors.ts'

/** One answer names at most this many faults: enough to mend a request, too few to make the answer a load. */
export const mostFaults = 50

/** Appends one step to a dotted path: `messages` and 3 give `messages[3]`, then `to_agent` gives `messages[3].to_agent`. */
export function fieldPath(path: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${path}[${step}]`
  const name = String(step)
  // A key is the caller's text: whatever is not plain is quoted and cut, so that no answer or log line is broken by it.
  if (!/^[\w$@-]{1,128}$/.test(name)) return `${path}[${JSON.stringify(name.slice(0, 64))}]`
  return path === '' ? name : `${path}.${name}`
}

/**
 * Names every fault that `parse` found, as dotted paths under `prefix` (`messages[3]`; '' for none), what is at fault as a whole by `$`.
 * A field that is not known is named itself. A check may carry an error code in `params.code`. Values are never shown.
 * What is of another type than its field has no other faults, and of two bounds that it passes it is told the narrower one.
 */
export function fieldErrors(error: z.core.$ZodError, prefix = ''): FieldError[] {
  const faults: FieldError[] = []
  for (const issue of worthTelling(error.issues)) {
    const path = issue.path.reduce<string>(fieldPath, prefix)
    const field = path === '' ? '$' : path
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) faults.push({ field: fieldPath(path, key), message: 'is not a known field' })
    } else if (issue.code === 'custom' && typeof issue.params?.code === 'string') {
      faults.push({ field, message: issue.message, code: issue.params.code as ErrorCode })
    } else {
      faults.push({ field, message: isMissing(issue) ? 'is required' : issue.message })
    }
  }
  return faults.slice(0, mostFaults)
}

/** One value has one fault where the rest follow from it. Bounds come from the widest, that of whole numbers, to the narrowest. */
function worthTelling(issues: z.core.$ZodIssue[]): Iterable<z.core.$ZodIssue> {
  const ofOtherType = new Set<string>()
  const told = new Map<string, z.core.$ZodIssue>()
  for (const [index, issue] of issues.entries()) {
    const path = JSON.stringify(issue.path)
    if (ofOtherType.has(path)) continue
    if (issue.code === 'invalid_type') ofOtherType.add(path)
    const isBound = issue.code === 'too_big' || issue.code === 'too_small'
    told.set(isBound ? `${issue.code} ${path}` : String(index), issue)
  }
  return told.values()
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  // `input` is there because `parse` asks for it
  return 'input' in issue && issue.input === undefined
}
