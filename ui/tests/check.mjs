/* Tests by name; a failure is told and the rest goes on. ONLY=word runs those whose name has this word. */
const only = process.env.ONLY ?? '';
let passed = 0;
let failed = 0;

export async function test(name, run) {
  if (!name.includes(only)) {
    return;
  }
  try {
    await run();
    passed++;
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${error.stack ?? error}`);
  }
}

export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
