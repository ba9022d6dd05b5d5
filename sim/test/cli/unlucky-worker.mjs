// A worker for tests: it crashes at seed 2, hangs at seed 3, and is done with all others at once.
process.on('message', ({ seed }) => {
  if (seed === 2) throw new Error('seed 2 is unlucky')
  while (seed === 3);
  process.send({ kind: 'done', result: { seed } })
})
process.on('disconnect', () => process.exit())
