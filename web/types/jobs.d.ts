// Made by Emscripten.
declare const create: Create<JobsModule>;
export default create;
