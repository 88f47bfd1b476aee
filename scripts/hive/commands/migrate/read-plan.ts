import { readFile } from 'node:fs/promises'
import type { Plan } from '../../../../core/migration/plan/plan.ts'
import type { Output } from '../../output.ts'
import { UsageError } from '../../problem.ts'
import { findTables } from './read-folder.ts'

/**
 * A plan from its file, if it can be run over the folder as it is. Throws UsageError for a file or a folder that cannot be
 * read, and HiveError `migration.plan_invalid`.
 */
export async function readPlan(file: string, folder: string, out: Output): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`${file} cannot be read: ${error.message}`)
  })
  const { parseJson } = await import('../../../../core/protocol/json.ts')
  const { checkedPlan } = await import('../../../../core/migration/plan/check-plan.ts')
  let document: unknown
  try {
    // some editors begin a file with a mark
    document = parseJson(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw new UsageError(`${file} is not a plan: ${error instanceof Error ? error.message : String(error)}`)
  }
  return checkedPlan(document, await findTables(folder, out.warn))
}
