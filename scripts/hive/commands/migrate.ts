import type { Command } from 'commander'
import { addAnalyze } from './migrate/analyze.ts'
import { addPlan } from './migrate/plan.ts'

export function addMigrate(program: Command): void {
  const migrate = program
    .command('migrate')
    .description('move SQLite databases into the hive: analyze a folder, plan what becomes of each table')
  addAnalyze(migrate)
  addPlan(migrate)
}
