import { afterAll } from 'vitest'
import { borrow } from '../../../test/borrow.ts'
import { createRecords, type Records } from '../create-records.ts'
import type { RecordsConfig } from '../drivers/run-statement.ts'
import { agentsContract } from './agents-contract.ts'
import { apiKeysContract } from './api-keys-contract.ts'
import { auditContract } from './audit-contract.ts'
import { capabilitiesContract } from './capabilities-contract.ts'
import { conversationsContract } from './conversations-contract.ts'
import { metricsContract } from './metrics-contract.ts'
import { securityEventsContract } from './security-events-contract.ts'
import { subscriptionsContract } from './subscriptions-contract.ts'

/** What every implementation of the records does, each part over an empty database of its own. */
export function everyContract(name: string, recordsDriver: RecordsConfig['recordsDriver']): void {
  const opened: Records[] = []
  const makeRecords = async () => {
    const records = createRecords({ ...JSON.parse(await borrow('database')), recordsDriver })
    opened.push(records)
    return records
  }
  afterAll(async () => {
    await Promise.all(opened.map((records) => records.close()))
  })

  agentsContract(name, makeRecords)
  apiKeysContract(name, makeRecords)
  auditContract(name, makeRecords)
  capabilitiesContract(name, makeRecords)
  conversationsContract(name, makeRecords)
  metricsContract(name, makeRecords)
  securityEventsContract(name, makeRecords)
  subscriptionsContract(name, makeRecords)
}
