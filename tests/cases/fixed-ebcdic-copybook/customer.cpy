000100 01  CUSTOMER.
000200     05  ID              PIC X(5).
000300     05  EMAIL           PIC X(16).
000400     05  NAME.
000500         10  FIRST       PIC X(8).
000600         10  LAST        PIC X(12).
000700     05  BORN            PIC 9(8).
000800     05  SSN             PIC 9(9)      COMP-3.
000900     05  STREET          PIC X(16).
001000     05  CITY            PIC X(8).
001100     05  STATE           PIC X(2).
001200     05  ZIP             PIC 9(5).
001300     05  CTRY            PIC X(3).
001400     05  INCOME          PIC S9(7)V99  COMP-3.
001500     05  FILLER          PIC X(4).
