import type { Command } from 'commander'
import { addAfterRun } from './migrate/after-run.ts'
import { addAnalyze } from './migrate/analyze.ts'
import { addCloud } from './migrate/cloud.ts'
import { addPlan } from './migrate/plan.ts'
import { addRun } from './migrate/run.ts'

export function addMigrate(program: Command): void {
  const migrate = program
    .command('migrate')
    .description('move SQLite databases into the hive: analyze, plan, run, verify, rebuild, roll back')
  addAnalyze(migrate)
  addPlan(migrate)
  addRun(migrate)
  addAfterRun(migrate)
  addCloud(migrate)
}
