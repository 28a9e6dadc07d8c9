// The runtime's WebAssembly module, with what its JavaScript wrapper of release 1.19.2 gets wrong put right.
import create from './node_modules/onnxruntime-web/dist/ort-training-wasm-simd-threaded.mjs';

let wasm;

export default async settings => {
  wasm = await create(settings);
  // getContiguousParameters and loadParametersBuffer free an address of the stack, which breaks the heap.
  const { _malloc, _free } = wasm;
  const allocated = new Set();
  wasm._malloc = size => {
    const address = _malloc(size);
    allocated.add(address);
    return address;
  };
  wasm._free = address => {
    if (allocated.delete(address)) _free(address);
  };
  return wasm;
};

const words = 24;
const shortest = 12;
const longest = 2000;

// A failure throws the address of a C++ exception: a bare number. Its texts lie behind the first words of the object.
export function explain(problem) {
  if (typeof problem !== 'number' || wasm === undefined) return problem?.stack ?? String(problem);
  const bytes = wasm.HEAPU8;
  const addresses = new Uint32Array(bytes.buffer, problem & ~3, words);
  const texts = [...addresses].map(address => {
    let end = address;
    while (end < bytes.length && end - address < longest && bytes[end] >= 9 && bytes[end] < 127) end++;
    return Buffer.from(bytes.slice(address, end)).toString('latin1');
  });
  return texts.filter(text => text.length >= shortest).join(' | ') || `C++ exception at ${problem}`;
}
