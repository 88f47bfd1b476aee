import { priorityByName } from '../../protocol/priority.ts'
import { isNull, Refusal, type Rule, type Written } from './rule.ts'
import { textOf } from './text.ts'

/** A priority by its name, in any case, or by the plan's map. Its source column has its place elsewhere. */
export function priority(options: {
  map?: Record<string, number> | undefined
  otherwise?: number | undefined
}): Pick<Rule, 'write'> {
  const known = new Map<string, number>()
  for (const [spelling, number] of Object.entries(options.map ?? {})) known.set(spelling.toLowerCase(), number)
  const instead: Written = options.otherwise === undefined ? isNull : String(options.otherwise)
  return {
    write(value) {
      if (value === null) return instead
      const text = textOf(value)
      if (text instanceof Refusal) return text
      const name = text.trim().toLowerCase()
      const number = known.get(name) ?? priorityByName(name)
      if (number !== undefined) return String(number)
      return options.otherwise === undefined ? new Refusal('is no priority that the plan knows') : instead
    },
  }
}
