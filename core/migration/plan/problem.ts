import { fieldPath } from '../../protocol/field-errors.ts'

/** One thing that is wrong with a plan: `path` such as `files[0].tables[2].columns.value.from` says where. */
export type Problem = { path: string; message: string }

/** Notes problems below one place of a plan. */
export type Report = (steps: readonly PropertyKey[], message: string) => void

export function problemsUnder(problems: Problem[], place: readonly PropertyKey[]): Report {
  return (steps, message) => {
    problems.push({ path: [...place, ...steps].reduce<string>(fieldPath, ''), message })
  }
}
