// The syscalls this program uses, as the crate `gsys` 2.0 declares them.
#pragma once

#include <stdint.h>

#define SYSCALL(name) __attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

// Where a value's address is wanted: no value.
#define NO_VALUE ((const void *)UINT32_MAX)

// What fallible syscalls answer. The code is 0 if all went well.
struct error_with_hash {
	uint32_t code;
	uint8_t hash[32];
};

// Length of the message's payload.
SYSCALL(gr_size) void gr_size(uint32_t *length);

// Copies a piece of the message's payload.
SYSCALL(gr_read) void gr_read(uint32_t at, uint32_t length, void *buffer, uint32_t *error);

// Replies to the message. The answer is the reply's id.
SYSCALL(gr_reply)
void gr_reply(const void *payload, uint32_t length, const void *value, struct error_with_hash *answer);

// Fails. The sender gets the reason.
SYSCALL(gr_panic) _Noreturn void gr_panic(const void *reason, uint32_t length);
