// Talks to run.py, a JSON object on each line: what was found, and what the people at the browser are to do.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

function tell(message) {
  process.stdout.write(JSON.stringify(message) + '\n')
}

// What run.py says next. Throws when it has gone.
export async function listen() {
  const { value, done } = await lines.next()
  if (done) throw new Error('run.py has gone')
  return JSON.parse(value)
}

// Has somebody at the browser do something, and answers what came of it. Throws when it went otherwise.
export async function ask(what, more = {}) {
  tell({ ask: what, ...more })
  const answer = await listen()
  if (answer.fault) throw new Error(answer.fault)
  return answer
}

// One check: what it throws is its failure. Answers what `act` answers, or undefined.
export async function check(name, act) {
  try {
    const found = await act()
    tell({ check: name, ok: true })
    return found
  } catch (fault) {
    tell({ check: name, ok: false, why: String(fault.stack ?? fault) })
    return undefined
  }
}
