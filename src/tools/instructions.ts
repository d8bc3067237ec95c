// What a client tells its model about the server. Some show only the first 245
// characters, so those alone must say what it is for and when to call it.

export const serverInstructions = `Phone a friend: consult asks the user's own Claude Code about this project, read-only. Call it when stuck, before a risky change, or for a second opinion or review. Put the whole question in one prompt; it sees the files, not your chat.

Pass cwd when the project is not the server's working directory. A consult takes seconds to minutes and costs the user money, so ask one good question instead of several small ones; independent ones may run at once. To follow up, pass the consult id as resume. If the result says that it is still running, call consult_wait with its consult_id for the answer; consult_list names those of earlier sessions, consult_cancel stops one. A failed consult says in one sentence what to do next. health_snapshot and telemetry_snapshot answer at once, also while consults run.`;
