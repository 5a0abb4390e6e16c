/* A file that Vogt answered goes where the browser keeps downloads. */
const HELD_MS = 60_000;

export async function saveFile(response: Response, name: string): Promise<number> {
  const bytes = await response.blob();
  const address = URL.createObjectURL(bytes);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), HELD_MS);
  return bytes.size;
}
