import { FaultStore } from '../support/fault-store.ts'
import { levelPlace, memoryPlace, wrapped } from '../support/store-places.ts'
import { storeConformance } from './conformance.ts'

storeConformance('MemoryStore', async () => memoryPlace())
storeConformance('LevelStore', async () => levelPlace())

// With no fault armed, the wrapper is as good as what it wraps.
storeConformance('FaultStore over MemoryStore', async () =>
  wrapped(memoryPlace(), (store) => new FaultStore(store)),
)
storeConformance('FaultStore over LevelStore', async () =>
  wrapped(levelPlace(), (store) => new FaultStore(store)),
)
