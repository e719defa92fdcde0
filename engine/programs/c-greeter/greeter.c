// Greets whoever writes to it, with the words it was given at the beginning.
//
// init    the greeting, at most LONGEST bytes
// handle  a name, at most LONGEST bytes; the reply is "{greeting}, {name}!"

#include "gear.h"

enum { LONGEST = 256 };

// What is here is kept between messages; what is on the stack is not.
static char greeting[LONGEST];
static uint32_t greeting_length;

static _Noreturn void fail(const char *reason) {
	uint32_t length = 0;
	while (reason[length] != 0) length++;
	gr_panic(reason, length);
}

// Copies the message's payload and returns its length.
static uint32_t read_payload(char *to) {
	uint32_t length, error = 0;
	gr_size(&length);
	if (length > LONGEST) fail("too long");
	if (length > 0) gr_read(0, length, to, &error);
	if (error != 0) fail("the payload cannot be read");
	return length;
}

// Appends a text and returns where it ends.
static char *append(char *to, const char *text, uint32_t length) {
	for (uint32_t i = 0; i < length; i++) to[i] = text[i];
	return to + length;
}

EXPORT(init) void init(void) {
	greeting_length = read_payload(greeting);
}

EXPORT(handle) void handle(void) {
	char name[LONGEST];
	char text[2 * LONGEST + 3];
	uint32_t length = read_payload(name);
	char *end = append(text, greeting, greeting_length);
	end = append(end, ", ", 2);
	end = append(end, name, length);
	end = append(end, "!", 1);

	struct error_with_hash answer;
	gr_reply(text, (uint32_t)(end - text), NO_VALUE, &answer);
	if (answer.code != 0) fail("the reply cannot be sent");
}
