import { readFile } from 'node:fs/promises'
import { HiveError } from '../../../../core/errors.ts'
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
  // some editors begin a file with a mark
  const document = named(file, () => parseJson(text.replace(/^\ufeff/, '')))
  return checkedPlan(document, await findTables(folder, out))
}

/** An error that says which file is at fault. */
function named<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof HiveError)) throw error
    throw new HiveError(error.code, `${file}: ${error.message}`, { errors: error.errors })
  }
}
