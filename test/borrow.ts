import { inject } from 'vitest'
import type { SharedService } from './lender.ts'

/** What the lender of this run answers for a service: the URL of the shared Redis, or the settings of a new database. */
export async function borrow(service: SharedService): Promise<string> {
  const response = await fetch(`${inject('lender')}/${service}`)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}
