import * as z from 'zod/mini'
import { once } from '../once.ts'

/** The four priorities and the number each has on the wire. */
export const priorities = { LOW: 1, MEDIUM: 2, HIGH: 3, CRITICAL: 4 } as const
export type Priority = (typeof priorities)[keyof typeof priorities]

/** Where a sender says nothing. */
export const unsaidPriority = priorities.MEDIUM

/** How urgent a message is: a number from 1 to 4, or a name in any case; the number is what is written. */
export const Priority = once(() => {
  const PriorityNumber = z.literal([1, 2, 3, 4])
  const PriorityName = z
    .string()
    .check(z.regex(/^(?:[Ll][Oo][Ww]|[Mm][Ee][Dd][Ii][Uu][Mm]|[Hh][Ii][Gg][Hh]|[Cc][Rr][Ii][Tt][Ii][Cc][Aa][Ll])$/))
  const NamedPriority = z.pipe(
    PriorityName,
    z.transform((name: string) => priorityByName(name)),
  )
  return z
    .union(
      [PriorityNumber, z.pipe(NamedPriority, PriorityNumber)],
      'must be LOW, MEDIUM, HIGH or CRITICAL, or a number from 1 to 4',
    )
    .check(
      z.describe(
        'How urgent it is: LOW 1, MEDIUM 2, HIGH 3, CRITICAL 4. Names are taken in any case; numbers are written.',
      ),
    )
})

/** The number of a priority's name in any case; undefined when there is no such name. */
export function priorityByName(name: string): Priority | undefined {
  const upper = name.toUpperCase()
  return Object.hasOwn(priorities, upper) ? priorities[upper as keyof typeof priorities] : undefined
}
