import { borrow } from '../../../test/borrow.ts'
import { agentsContract } from '../contract/agents-contract.ts'
import { apiKeysContract } from '../contract/api-keys-contract.ts'
import { conversationsContract } from '../contract/conversations-contract.ts'
import { metricsContract } from '../contract/metrics-contract.ts'
import { createRecords } from '../create-records.ts'

const makeRecords = async () => createRecords(JSON.parse(await borrow('database')))

metricsContract('Neon', makeRecords)
conversationsContract('Neon', makeRecords)
agentsContract('Neon', makeRecords)
apiKeysContract('Neon', makeRecords)
